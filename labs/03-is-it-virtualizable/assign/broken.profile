# A machine to be repaired: ${BROKEN}, and worse.
profile broken;
extends ${BROKEN};
outside ${BROKEN_TOO} = full;
