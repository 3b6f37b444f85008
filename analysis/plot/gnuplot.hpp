#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "analysis/plot/terminals.hpp"

namespace mambasynth::analysis::plot {

/// One figure: NAME.gp (runs by hand: `gnuplot -d NAME.gp` in its folder, without the start-up files of users), its
/// data files NAME_<part>.dat beside it, and NAME.svg, NAME.png (300 dpi) and NAME.pdf, which gnuplot draws from them
/// at the same size on paper. The same input gives the same bytes; a PDF drawn by hand has the time of its making.
class Figure {
 public:
  /// `name`: letters, digits, '_' and '-'.
  Figure(std::string name, Size size);

  /// For figures whose panels determine the size.
  void set_size(Size size) { size_ = size; }
  /// Adds a data file; returns its name as the script must refer to it.
  std::string add_data(std::string const& part, std::string content);
  [[nodiscard]] std::string data_name(std::string const& part) const;
  /// gnuplot commands, run once for each output format; they choose neither terminal nor output.
  void set_commands(std::string commands) { commands_ = std::move(commands); }

  /// Writes everything into `folder`, each file completely or not at all. Without gnuplot it writes only script and
  /// data and says so on stderr, once for each folder. Errors: errors::machine (folder, disk, gnuplot's own complaint).
  void draw(std::filesystem::path const& folder) const;

 private:
  [[nodiscard]] std::string script() const;

  std::string name_;
  Size size_;
  std::vector<std::pair<std::string, std::string>> data_;
  std::string commands_;
};

}  // namespace mambasynth::analysis::plot
