#pragma once

namespace mambasynth::kernels::cuda {

/// Rows and the output for their neighbors; device memory.
template <class T>
struct NearestTask {
  long long points, stride, k;
  T const* rows;          ///< (point, stride), 16-byte aligned; stride: dims rounded up to a multiple of 4, zero-padded
  long long const* time;  ///< (point); used if steps > 0
  long long steps;        ///< points whose times differ by at most this much cannot be neighbors; 0: no limit
  double* distance;       ///< (point, k)
  int* index;             ///< (point, k)
};

struct NearestStatus {
  unsigned long long longest;  ///< bits of the longest centered row's length; not finite if a row is not
  int unresolved;              ///< queries that single precision left unresolved
  int overflow;                ///< 1: a query has fewer than k others at a finite squared distance
};

}  // namespace mambasynth::kernels::cuda
