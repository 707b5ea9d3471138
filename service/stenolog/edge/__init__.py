"""HTTP in: who asks, what is asked, and the answer; truth is changed only through commands."""
