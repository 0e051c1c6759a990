"""What a deployment answers when it is asked: nothing here writes or needs a terminal."""
