-- What a terminal, a log or a list shows as one line: no control character, no separator of lines, nothing
-- that turns the direction of text.
create domain ves_int.printable_name as text
constraint name_is_printable check (value !~ '[\x01-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]');

comment on domain ves_int.printable_name is
'A name that callers choose and others read. Functions ask ves_int.require_name, so that a caller gets VE007 with the field.';
