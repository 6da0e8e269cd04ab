"""Reading and writing spreadsheets of people, and the sentences said about them."""
