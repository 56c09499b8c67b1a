"""Music itself: what a track sounds like, the user's library, tempo against hit points, edits, guides, temp mixes."""
