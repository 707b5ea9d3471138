"""Starting and stopping: settings, the data directory, the process."""
