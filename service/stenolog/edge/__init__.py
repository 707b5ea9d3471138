"""Answer HTTP requests; state is changed only through commands and recorded facts."""
