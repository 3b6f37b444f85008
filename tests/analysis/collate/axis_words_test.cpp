#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

#include "analysis/collate/swept_axis.hpp"
#include "analysis/plot/style.hpp"
#include "analysis/plot/text.hpp"
#include "config/config.hpp"
#include "config/section.hpp"

using namespace mambasynth;

namespace {

template <class Section>
int count_keys_with_words() {
  int count = 0;
  config::for_each_field<Section>([&](auto const& field) {
    using enum config::Effect;
    if (field.effect != result && field.effect != result_unless_default) return;
    auto const key = std::string(Section::section) + "." + std::string(field.key);
    auto const words = analysis::collate::axis_words(key);
    CAPTURE(key, words);
    ++count;
    CHECK(words != key);
    CHECK(words.find('_') == (words.find("(d_") == std::string::npos ? std::string::npos : words.find("(d_") + 2));
    // The frame of a panel in two columns is about this wide.
    CHECK(analysis::plot::text_width(words, analysis::plot::text_points) < 60);
  });
  return count;
}

}  // namespace

TEST_CASE("every key that can be swept has words for an axis") {
  CHECK(count_keys_with_words<config::Data>() > 10);
  CHECK(count_keys_with_words<config::Model>() > 5);
  CHECK(count_keys_with_words<config::Train>() > 15);
  CHECK(analysis::collate::axis_words("train.new_key") == "train.new_key");
}
