profile bad;
extends x85;
outside popf = partial;
