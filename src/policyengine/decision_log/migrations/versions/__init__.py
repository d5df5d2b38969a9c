"""The revisions. Each is a module; its name says its number and what it brings."""
