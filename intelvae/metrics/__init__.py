"""Numbers that judge a trained model."""
