#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "analysis/plot/terminals.hpp"

namespace mambasynth::analysis::plot {

/// The folder, inside that of the figures, of their scripts and the numbers behind them.
inline constexpr char const* numbers_folder = "plots";

/// One figure: NAME.svg, NAME.png (300 dpi) and NAME.pdf, which gnuplot draws at the same size on paper, and in the
/// folder `plots` beside them NAME.gp, its script (runs by hand from any folder: `gnuplot -d plots/NAME.gp`, without
/// the start-up files of users), and NAME_<part>.dat, its data. The same input gives the same bytes; drawn by hand, a
/// PDF has the time of its making, and a PNG does not say its resolution.
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

  /// Writes everything into `folder`, each file completely or not at all, and removes script and data of the same
  /// figure where older versions wrote them, in `folder` itself. Without gnuplot it writes only script and data and
  /// says so on stderr, once for each folder. Returns what it wrote, as paths inside the folder. Errors:
  /// errors::machine (folder, disk, gnuplot's own complaint).
  std::vector<std::filesystem::path> draw(std::filesystem::path const& folder) const;

 private:
  [[nodiscard]] std::string script() const;
  void remove_older_files(std::filesystem::path const& folder) const;

  std::string name_;
  Size size_;
  std::vector<std::pair<std::string, std::string>> data_;
  std::string commands_;
};

}  // namespace mambasynth::analysis::plot
