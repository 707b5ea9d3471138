"""The reconciler over a simulated provider: real HTTP, real files, the real adapter."""
