"""The script that Streamlit runs for each tab."""

import sys
from pathlib import Path

from optimizer.planning.page.screen import show

if __name__ == "__main__":
    show(Path(sys.argv[1]))
