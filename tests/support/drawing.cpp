#include "support/drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace mambasynth::tests {
namespace {

constexpr double longest_tick = 12;  // pixels

std::string attribute(std::string_view tag, std::string const& name) {
  for (auto at = tag.find(name); at != std::string_view::npos; at = tag.find(name, at + 1)) {
    if (at == 0 || std::string_view(" \t\n").find(tag[at - 1]) == std::string_view::npos) continue;
    auto const equals = tag.find_first_not_of(' ', at + name.size());
    if (equals == std::string_view::npos || tag[equals] != '=') continue;
    auto const quote = tag.find_first_of("'\"", equals);
    auto const end = tag.find(tag[quote], quote + 1);
    return std::string(tag.substr(quote + 1, end - quote - 1));
  }
  return {};
}

std::vector<double> numbers(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return std::string_view("0123456789.-+e").find(c) == std::string::npos; },
      ' ');
  std::istringstream words(text);
  return {std::istream_iterator<double>(words), {}};
}

/// Browsers do not show an SVG that is not valid UTF-8.
bool is_utf8(std::string_view text) {
  int following = 0;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    bool const continues = (byte & 0xc0u) == 0x80u;
    if (continues != (following > 0) || byte >= 0xf8) return false;
    if (continues) --following;
    else following = byte < 0x80 ? 0 : (byte & 0xe0u) == 0xc0u ? 1 : (byte & 0xf0u) == 0xe0u ? 2 : 3;
  }
  return following == 0;
}

/// "translate(1.00,2.00) ..."
Place translation(std::string_view tag) {
  auto const found = numbers(attribute(tag, "transform").substr(std::string("translate").size()));
  return {found.at(0), found.at(1)};
}

std::string unescaped(std::string text) {
  constexpr std::array<std::pair<char const*, char const*>, 5> entities{
      {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#160;", " "}, {"&amp;", "&"}}};
  for (auto const& [entity, character] : entities)
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1))
      text.replace(at, std::string_view(entity).size(), character);
  auto const first = text.find_first_not_of(" \n\t");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \n\t") + 1 - first);
}

/// The strokes of a path of absolute M, L and Z; a lone M draws nothing.
std::vector<Stroke> strokes_of(std::string const& d, std::string const& color) {
  std::vector<Stroke> found;
  std::istringstream words(d);
  for (std::string word; words >> word;) {
    if (word == "Z") {
      if (!found.empty()) found.back().path.push_back(found.back().path.front());
      continue;
    }
    auto const at = numbers(word);
    if (at.size() != 2) throw std::runtime_error("unexpected path: " + word);
    if (word[0] == 'M') found.push_back({color, {}});
    else if (word[0] != 'L' || found.empty()) throw std::runtime_error("unexpected path: " + word);
    found.back().path.push_back({at[0], at[1]});
  }
  std::erase_if(found, [](Stroke const& stroke) { return stroke.path.size() < 2; });
  return found;
}

/// The width and height in the first bytes of a PNG.
void read_size(Image& image, std::string const& base64) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::int64_t> bytes;
  for (std::size_t i = 0; i + 4 <= 32 && i + 4 <= base64.size(); i += 4) {
    std::size_t word = 0;
    for (std::size_t j = 0; j < 4; ++j) word = word << 6 | (digits.find(base64[i + j]) & 63u);
    for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::int64_t>(word >> shift & 255u));
  }
  auto const number = [&](std::size_t at) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = 256 * value + bytes.at(at + i);
    return value;
  };
  image.columns = number(16);
  image.rows = number(20);
  image.data = base64;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// "−2×10⁻⁴" as "-2e-4".
std::string plain_number(std::string text) {
  constexpr std::array<char const*, 11> superscripts{"⁻", "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  replace_all(text, "−", "-");
  replace_all(text, "×10", "e");
  for (auto const* first : superscripts) replace_all(text, std::string("10") + first, std::string("1e") + first);
  for (std::size_t i = 0; i < superscripts.size(); ++i)
    replace_all(text, superscripts[i], i == 0 ? "-" : std::to_string(i - 1));
  return text;
}

class Reader {
 public:
  explicit Reader(std::string text) : text_(std::move(text)) {}

  Drawing read() {
    std::size_t at = 0;
    bool complete = false;
    while ((at = text_.find('<', at)) != std::string::npos) {
      auto const end = text_.find('>', at);
      if (end == std::string::npos) throw std::runtime_error("an SVG ends within a tag");
      std::string_view const tag(text_.data() + at + 1, end - at - 1);
      at = end + 1;
      if (tag.starts_with("defs")) at = text_.find("</defs>", at);
      else if (tag == "/svg") complete = true;
      else open(tag, at);
    }
    if (!is_utf8(text_)) throw std::runtime_error("an SVG is not UTF-8");
    if (!complete || drawing_.width <= 0) throw std::runtime_error("not a complete SVG");
    return std::move(drawing_);
  }

 private:
  void open(std::string_view tag, std::size_t after) {
    if (tag.starts_with("svg")) {
      drawing_.width = numbers(attribute(tag, "width")).at(0);
      drawing_.height = numbers(attribute(tag, "height")).at(0);
    } else if (tag.starts_with("g") && (tag.size() == 1 || tag[1] == ' ')) {
      ++depth_;
      if (auto const id = attribute(tag, "id"); id.starts_with("gnuplot_plot_")) begin_plot(id);
      else if (!attribute(tag, "text-anchor").empty()) open_text(tag);
      else last_ = {};
    } else if (tag == "/g") {
      if (plot_ != nullptr && --depth_ < plot_depth_) plot_ = nullptr;
      else if (plot_ == nullptr) --depth_;
    } else if (tag.starts_with("title") && plot_ != nullptr) {
      plot_->title = unescaped(text_.substr(after, text_.find("</title>", after) - after));
    } else if (tag == "text" || tag.starts_with("text ")) {
      add_text(words(after));
    } else if (tag.starts_with("path ")) {
      for (auto& stroke : strokes_of(attribute(tag, "d"), attribute(tag, "stroke"))) add_stroke(std::move(stroke));
    } else if (tag.starts_with("use ") && !attribute(tag, "transform").empty()) {
      Mark const mark{attribute(tag, "color"), translation(tag)};
      if (mark.color == "#FFFFFF" || in_key({mark.at})) return;
      (plot_ != nullptr ? plot_->marks : drawing_.marks).push_back(mark);
    } else if (tag.starts_with("polygon ") && plot_ != nullptr) {
      Area area{attribute(tag, "fill"), {}};
      auto const values = numbers(attribute(tag, "points"));
      for (std::size_t i = 0; i + 1 < values.size(); i += 2) area.corners.push_back({values[i], values[i + 1]});
      if (!in_key(area.corners)) plot_->areas.push_back(std::move(area));
    } else if (tag.starts_with("image ") && plot_ != nullptr) {
      auto const of = [&](char const* name) { return numbers(attribute(tag, name)).at(0); };
      Image image{{of("x"), of("y")}, of("width"), of("height"), 0, 0, {}};
      auto const link = attribute(tag, "xlink:href");
      read_size(image, link.substr(link.find(',') + 1));
      plot_->images.push_back(std::move(image));
    }
  }

  void open_text(std::string_view tag) {
    text_place_ = translation(tag);
    anchor_ = attribute(tag, "text-anchor");
    text_size_ = numbers(attribute(tag, "font-size")).at(0);
    upright_ = attribute(tag, "transform").find("rotate") != std::string::npos;
  }

  /// Plots of one panel are numbered 1a, 2a, ...; those of the next 1b, 2b, ...
  void begin_plot(std::string const& id) {
    auto const number = id.find_first_not_of("0123456789", std::string("gnuplot_plot_").size());
    auto const panel = number == std::string::npos ? "" : id.substr(number);
    if (drawn_.empty() || panel != panel_) {
      drawing_.panels.push_back(std::exchange(next_, {}));
      drawn_.clear();
      panel_ = panel;
    }
    // An opaque key is drawn last, in another element of the same name.
    auto const known = std::find(drawn_.begin(), drawn_.end(), id) - drawn_.begin();
    auto& plots = drawing_.panels.back().plots;
    if (known == std::ssize(drawn_)) drawn_.push_back(id), plots.emplace_back();
    plot_ = &plots[static_cast<std::size_t>(known)];
    plot_depth_ = depth_;
    key_.reset();
  }

  [[nodiscard]] std::string words(std::size_t after) const {
    std::string_view rest(text_.data() + after, text_.find("</text>", after) - after);
    std::string all;
    for (bool in_tag = false; char const c : rest) {
      if (c == '<' || c == '>') in_tag = c == '<';
      else if (!in_tag) all += c;
    }
    return unescaped(all);
  }

  void add_text(std::string const& found) {
    if (found.empty()) return;
    Text const text{found, text_place_, anchor_, text_size_, upright_};
    drawing_.texts.push_back(text);
    if (plot_ == nullptr) {
      add_tick(found);
    } else if (!key_ && found == plot_->title && plot_->labels.empty()) {
      plot_->key = found;
      key_ = text_place_;
    } else {
      plot_->labels.push_back(text);
    }
  }

  /// A label directly after a tick belongs to it.
  void add_tick(std::string const& label) {
    if (last_.path.size() != 2) return;
    auto const [from, to] = std::pair{last_.path[0], last_.path[1]};
    double const dx = to.x - from.x, dy = to.y - from.y;
    last_ = {};
    if (std::abs(dx) + std::abs(dy) > longest_tick || (dx != 0 && dy != 0) || (dx != 0 && anchor_ == "middle")) return;
    bool const to_the_right = dx != 0 && anchor_ == "start";
    bool const of_bar = to_the_right && next_.x.ticks.empty() && next_.y.ticks.empty() && !drawing_.panels.empty();
    auto& panel = of_bar ? drawing_.panels.back() : next_;
    (to_the_right ? panel.right : dx != 0 ? panel.y : panel.x).ticks.emplace_back(dx != 0 ? from.y : from.x, label);
  }

  void add_stroke(Stroke stroke) {
    if (in_key(stroke.path)) return;
    if (plot_ == nullptr) {
      last_ = stroke;
      drawing_.strokes.push_back(std::move(stroke));
      return;
    }
    auto& all = plot_->strokes;
    auto const same = [](Place a, Place b) { return a.x == b.x && a.y == b.y; };
    // gnuplot splits long lines.
    if (!all.empty() && all.back().color == stroke.color && same(all.back().path.back(), stroke.path.front()))
      all.back().path.insert(all.back().path.end(), stroke.path.begin() + 1, stroke.path.end());
    else all.push_back(std::move(stroke));
  }

  /// Whether `places` belong to the sample next to the key's entry.
  [[nodiscard]] bool in_key(std::vector<Place> const& places) const {
    if (plot_ == nullptr || !key_) return false;
    constexpr double above_baseline = 4.2, half_height = 7, width = 70;
    bool const to_the_right = anchor_ == "end";
    return std::all_of(places.begin(), places.end(), [&](Place place) {
      double const beside = to_the_right ? place.x - key_->x : key_->x - place.x;
      return beside >= 0 && beside <= width && std::abs(place.y - (key_->y - above_baseline)) <= half_height;
    });
  }

  std::string text_, panel_, anchor_;
  std::vector<std::string> drawn_;  // plots of this panel
  Drawing drawing_;
  DrawnPanel next_;  // ticks are drawn before their panel's plots
  Plot* plot_ = nullptr;
  std::optional<Place> key_;
  Place text_place_;
  double text_size_ = 0;
  bool upright_ = false;
  Stroke last_;
  int depth_ = 0, plot_depth_ = 0;
};

}  // namespace

std::vector<Place> Plot::line() const {
  std::vector<Place> all;
  for (auto const& stroke : strokes) all.insert(all.end(), stroke.path.begin(), stroke.path.end());
  return all;
}

std::vector<Place> Plot::points() const {
  std::vector<Place> all;
  for (auto const& mark : marks) all.push_back(mark.at);
  return all;
}

std::set<std::string> Plot::mark_colors() const {
  std::set<std::string> all;
  for (auto const& mark : marks) all.insert(mark.color);
  return all;
}

std::vector<Place> DrawnPanel::values(std::vector<Place> const& pixels, Logarithmic logarithmic,
                                      Axis const* shared_x) const {
  std::vector<Place> all;
  for (auto const& pixel : pixels)
    all.push_back({(shared_x ? *shared_x : x).value(pixel.x, logarithmic.x), y.value(pixel.y, logarithmic.y)});
  return all;
}

std::vector<std::string> Axis::labels() const {
  std::vector<std::string> all;
  for (auto const& tick : ticks) all.push_back(tick.second);
  return all;
}

double Axis::value(double pixel, bool logarithmic) const {
  std::vector<Place> known;  // pixel, value
  for (auto const& [at, label] : ticks) {
    char* end = nullptr;
    auto const text = plain_number(label);
    double const number = std::strtod(text.c_str(), &end);
    if (end != text.c_str() && *end == '\0') known.push_back({at, logarithmic ? std::log10(number) : number});
  }
  if (known.size() < 2) throw std::runtime_error("an axis has fewer than two numeric ticks");
  auto const first = known.front(), last = known.back();
  double const slope = (last.y - first.y) / (last.x - first.x);
  for (auto const& tick : known)
    if (std::abs(tick.x - (first.x + (tick.y - first.y) / slope)) > 0.05)
      throw std::runtime_error("the ticks of an axis disagree");
  double const value = first.y + slope * (pixel - first.x);
  return logarithmic ? std::pow(10.0, value) : value;
}

bool Drawing::says(std::string const& words) const {
  return std::any_of(texts.begin(), texts.end(), [&](Text const& text) { return text.words == words; });
}

std::int64_t Drawing::blank_panels() const {
  auto const on_page = [&](Place place) {
    return place.x >= 0 && place.x <= width && place.y >= 0 && place.y <= height;
  };
  auto const any = [&](std::vector<Place> const& places) { return std::any_of(places.begin(), places.end(), on_page); };
  return std::count_if(panels.begin(), panels.end(), [&](DrawnPanel const& panel) {
    return std::none_of(panel.plots.begin(), panel.plots.end(), [&](Plot const& plot) {
      return std::any_of(plot.strokes.begin(), plot.strokes.end(), [&](auto const& s) { return any(s.path); }) ||
             std::any_of(plot.marks.begin(), plot.marks.end(), [&](auto const& m) { return on_page(m.at); }) ||
             std::any_of(plot.areas.begin(), plot.areas.end(), [&](auto const& a) { return any(a.corners); }) ||
             std::any_of(plot.images.begin(), plot.images.end(),
                         [&](auto const& i) { return on_page(i.corner) && i.columns > 0 && i.rows > 0; });
    });
  });
}

Drawing read_drawing(std::filesystem::path const& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file.string() + " is missing");
  return Reader({std::istreambuf_iterator<char>(in), {}}).read();
}

}  // namespace mambasynth::tests
