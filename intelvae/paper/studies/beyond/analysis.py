"""What the page beyond the ELBO says of its results: numbers and tables."""
