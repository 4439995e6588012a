# What tables have in common.

def sorted_median: sort | (.[((length - 1) / 2) | floor] + .[(length / 2) | floor]) / 2;

# Rounded to three figures or so, as people read them.
def rounded: if . >= 100 then round elif . >= 10 then . * 10 | round / 10 else . * 100 | round / 100 end;
