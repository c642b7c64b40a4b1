"""The figures of the page beyond the ELBO."""
