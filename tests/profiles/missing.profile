profile bad;
outside popf = partial;
