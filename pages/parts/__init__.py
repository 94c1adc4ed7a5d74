"""What pages share: the visit, the header, the board, and the element that holds the map."""
