"""The simulator is right by the contract, and wrong only when it is told to be."""
