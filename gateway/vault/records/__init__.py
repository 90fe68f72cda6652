"""Sealed records of subjects and the pins of studies: useless without the keyring."""
