"""Every outgoing request, against real sockets."""
