"""Pure rules of incidents: states, marks, and the colour of a grid."""
