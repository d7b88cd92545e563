"""Attribution: from touchpoint paths to credit and CAC per channel."""
