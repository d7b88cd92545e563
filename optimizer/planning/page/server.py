"""The planner's server: on the loopback address, telling nobody, watching no file, asking for no e-mail."""

from __future__ import annotations

from pathlib import Path

from attribution.drawing import palette
from attribution.errors import MissingExtra
from optimizer.planning.stages.kept import kept_question

__all__ = ["serve"]

_SETTINGS = {
    "global.developmentMode": "false",
    "server.address": "127.0.0.1",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "type",
    "theme.light.primaryColor": palette.ACCENT,
    "theme.light.textColor": palette.INK,
    "theme.dark.primaryColor": "#8ab8ee",
    "theme.dark.backgroundColor": "#14181d",
    "theme.dark.secondaryBackgroundColor": "#1c2229",
    "theme.dark.textColor": "#e6eaef",
}


def serve(folder: Path, port: int = 8501, browser: bool = True) -> None:
    """Serve the planner of a run until it is stopped.

    Parameters
    ----------
    folder
        Of the run, or the output folder.
    port
        Of 127.0.0.1.
    browser
        Open one.

    Raises
    ------
    BadInput, NotConverged
        As :func:`optimizer.planning.stages.kept.kept_question`.
    MissingExtra
        Streamlit is not installed.
    """
    kept = kept_question(folder)
    try:
        from streamlit.web import cli
    except ImportError:
        raise MissingExtra("streamlit", "planner") from None
    settings = {**_SETTINGS, "server.port": str(port), "server.headless": str(not browser).lower()}
    flags = [word for name, value in settings.items() for word in (f"--{name}", value)]
    script = Path(__file__).with_name("app.py")
    cli.main(["run", str(script), *flags, "--", str(kept.run)], prog_name="cac planner", standalone_mode=False)
