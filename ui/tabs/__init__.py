"""One file a tab, each with `build()` and its handlers."""
