#include "gpu/health.hpp"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <array>
#include <memory>

namespace mambasynth::gpu {
namespace {

/// A library that may be missing, as the process would load it.
class Library {
 public:
  explicit Library(char const* name) : handle_(::dlopen(name, RTLD_LAZY | RTLD_LOCAL)) {
    if (!handle_) why_ = ::dlerror();
  }
  [[nodiscard]] std::string const& missing_because() const { return why_; }
  template <class Function>
  [[nodiscard]] Function* find(char const* name) const {
    return handle_ ? reinterpret_cast<Function*>(::dlsym(handle_, name)) : nullptr;
  }

 private:
  void* handle_;  // never closed: NVML and NCCL start their own threads
  std::string why_;
};

/// The few NVML functions that are used, declared here: NVML's header is a separate package of the CUDA toolkit.
class Nvml {
 public:
  explicit Nvml(std::string const& bus) : library_("libnvidia-ml.so.1") {
    auto const init = library_.find<int()>("nvmlInit_v2");
    auto const by_bus = library_.find<int(char const*, void**)>("nvmlDeviceGetHandleByPciBusId_v2");
    if (!init || !by_bus || init() != 0 || by_bus(bus.c_str(), &device_) != 0) device_ = nullptr;
  }
  void read_into(Card& card) const {
    if (!device_) return;
    constexpr int multiprocessors = 1, uncorrected = 1, since_load = 0;
    unsigned mhz = 0;
    if (auto const now = library_.find<int(void*, int, unsigned*)>("nvmlDeviceGetClockInfo");
        now && now(device_, multiprocessors, &mhz) == 0)
      card.clock_mhz = static_cast<int>(mhz);
    if (auto const most = library_.find<int(void*, int, unsigned*)>("nvmlDeviceGetMaxClockInfo");
        most && most(device_, multiprocessors, &mhz) == 0)
      card.most_clock_mhz = static_cast<int>(mhz);
    unsigned long long number = 0;
    // Not supported, or switched off: no number.
    if (auto const ecc = library_.find<int(void*, int, int, unsigned long long*)>("nvmlDeviceGetTotalEccErrors");
        ecc && ecc(device_, uncorrected, since_load, &number) == 0)
      card.uncorrected_ecc_errors = static_cast<long long>(number);
    if (auto const why = library_.find<int(void*, unsigned long long*)>("nvmlDeviceGetCurrentClocksThrottleReasons");
        why && why(device_, &number) == 0)
      card.slowed_by = words_of(number);
  }

 private:
  /// Idle clocks, clocks set by an administrator and the usual power cap are not defects.
  static std::string words_of(unsigned long long reasons) {
    struct Reason {
      unsigned long long bit;
      char const* words;
    };
    constexpr std::array<Reason, 4> defects{{{0x08, "a hardware slowdown"},
                                             {0x20, "heat (driver limit)"},
                                             {0x40, "heat (hardware limit)"},
                                             {0x80, "the power brake"}}};
    std::string words;
    for (auto const& reason : defects)
      if (reasons & reason.bit) words += (words.empty() ? "" : ", ") + std::string(reason.words);
    return words;
  }
  Library library_;
  void* device_ = nullptr;
};

}  // namespace

Card inspect_card(int number) {
  Card card;
  card.number = number;
  cudaDeviceProp properties{};
  if (auto const error = cudaGetDeviceProperties(&properties, number); error != cudaSuccess) {
    card.unusable = cudaGetErrorString(error);
    return card;
  }
  card.name = properties.name;
  card.architecture = std::to_string(properties.major) + std::to_string(properties.minor);
  card.memory_mb = static_cast<double>(properties.totalGlobalMem) / 1e6;
  int clock = 0;
  if (cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, number) == cudaSuccess) card.most_clock_mhz = clock / 1000;
  std::array<char, 32> bus{};
  if (cudaDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), number) == cudaSuccess) card.bus = bus.data();
  Nvml(card.bus).read_into(card);
  std::size_t free = 0, total = 0;
  auto error = cudaSetDevice(number);
  if (error == cudaSuccess) error = cudaMemGetInfo(&free, &total);
  if (error == cudaSuccess) card.memory_free_mb = static_cast<double>(free) / 1e6;
  else card.unusable = cudaGetErrorString(error);
  return card;
}

Software software() {
  Software facts;
  cudaDriverGetVersion(&facts.driver_cuda);
  cudaRuntimeGetVersion(&facts.runtime_cuda);
  Library const nccl("libnccl.so.2");
  auto const ask = nccl.find<int(int*)>("ncclGetVersion");
  int number = 0;
  if (ask && ask(&number) == 0) {
    // From 2.9 on, the major version counts ten-thousands.
    auto const major = number >= 20000 ? number / 10000 : number / 1000;
    auto const minor = number >= 20000 ? number % 10000 / 100 : number % 1000 / 100;
    facts.nccl = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(number % 100);
  } else {
    facts.no_nccl = ask                              ? "ncclGetVersion failed"
                    : nccl.missing_because().empty() ? "it has no ncclGetVersion"
                                                     : nccl.missing_because();
  }
  return facts;
}

}  // namespace mambasynth::gpu
