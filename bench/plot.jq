# A line plot as SVG. Pure: what is drawn is in the input, {title, x: {label, log}, y: {label}, series: [{name, points: [[x, y]]}]}.
# A log axis shows powers of ten; points of one series are joined in the order of x.

def colours: ["#0b6e99", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#64748b"];
def width: 720; def height: 400; def left: 70; def right: 20; def top: 40; def bottom: 60;

def text_of: if . == floor then tostring else (. * 1000 | round / 1000 | tostring) end;
def escaped: gsub("&"; "&amp;") | gsub("<"; "&lt;");

# A round step, so that there are about five.
def step: (. / 5) as $raw | pow(10; ($raw | log10 | floor)) as $power |
  first((1, 2, 5, 10) | . * $power | select(. >= $raw));

def ticks_of($axis; $values):
  if $axis.log then [range($values | min | log10 | floor; ($values | max | log10 | ceil) + 1) | pow(10; .)]
  else ($values | max | step) as $step | [range(0; ($values | max / $step | ceil) + 1) | . * $step * 1000 | round / 1000]
  end;

def place($axis; $ticks; $from; $to):
  (if $axis.log then log10 else . end) as $value |
  ($ticks | map(if $axis.log then log10 else . end)) as $t |
  $from + ($value - $t[0]) / ([$t[-1] - $t[0], 1e-9] | max) * ($to - $from) | . * 10 | round / 10;

def svg: . as $plot |
  ([.series[].points[][0]]) as $xs | ([.series[].points[][1]]) as $ys |
  ticks_of(.x; $xs) as $xticks | ticks_of(.y; $ys) as $yticks |
  def at_x: place($plot.x; $xticks; left; width - right);
  def at_y: place($plot.y; $yticks; height - bottom; top);
  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" font-family=\"sans-serif\" font-size=\"13\">",
  "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
  "<text x=\"\(left)\" y=\"22\" font-size=\"15\" font-weight=\"bold\">\($plot.title | escaped)</text>",
  ($yticks[] | "<path d=\"M\(left) \(at_y)H\(width - right)\" stroke=\"#ddd\"/><text x=\"\(left - 8)\" y=\"\(at_y + 4)\" text-anchor=\"end\">\(text_of)</text>"),
  ($xticks[] | "<path d=\"M\(at_x) \(top)V\(height - bottom)\" stroke=\"#eee\"/><text x=\"\(at_x)\" y=\"\(height - bottom + 18)\" text-anchor=\"middle\">\(text_of)</text>"),
  "<text x=\"\((left + width - right) / 2)\" y=\"\(height - 18)\" text-anchor=\"middle\">\($plot.x.label | escaped)</text>",
  "<text transform=\"translate(18 \((top + height - bottom) / 2)) rotate(-90)\" text-anchor=\"middle\">\($plot.y.label | escaped)</text>",
  (range($plot.series | length) as $n | $plot.series[$n] as $series | colours[$n % (colours | length)] as $colour |
    ($series.points | sort) as $points |
    "<polyline fill=\"none\" stroke=\"\($colour)\" stroke-width=\"2\" points=\"\($points | map("\(.[0] | at_x),\(.[1] | at_y)") | join(" "))\"/>",
    ($points[] | "<circle cx=\"\(.[0] | at_x)\" cy=\"\(.[1] | at_y)\" r=\"3\" fill=\"\($colour)\"/>"),
    "<text x=\"\(left + 14)\" y=\"\(top + 16 + 18 * $n)\" fill=\"\($colour)\">\($series.name | escaped)</text>"),
  "</svg>";

svg
