"""What client and worker say to each other: messages, the frames that carry them, the channel that moves the frames."""
