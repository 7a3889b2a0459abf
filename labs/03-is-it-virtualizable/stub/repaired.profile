# assignment/broken.profile, repaired. That extends a shipped profile, and so must this: a
# file cannot be extended here.
profile repaired;
extends pg;
