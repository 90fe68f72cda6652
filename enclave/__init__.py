"""The enclave: a separate process that sees cleaned data only. Built by later issues."""
