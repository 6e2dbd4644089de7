"""The model board: kinematics and plant, and how each firmware times its steps."""
