profile bad;
extends "modes.profile";
