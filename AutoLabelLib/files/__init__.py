"""Images, labelmaps and tables in and out of files."""
