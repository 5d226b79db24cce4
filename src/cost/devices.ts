import type { Device, Source } from './device.js'

/** Half of what is published with 2:4 sparsity. */
const DENSE = 'dense: half of the published figure, which is for 2:4 sparse matrices'
/** An upper bound, and so a lower bound of what MSD gains: unpacking codes and applying scales is not counted. */
const ONE_STEP = 'one element a vector lane and clock (derived; no rate of conversions is published): '

const H100: Source = { text: 'H100 SXM, 3.35 TB/s', url: 'https://www.nvidia.com/en-us/data-center/h100/' }
const B200: Source = {
  text: 'HGX B200, 7.7 TB/s for each GPU',
  url: 'https://resources.nvidia.com/en-us-blackwell-architecture/datasheet',
}
const MI300X: Source = {
  text: 'Instinct MI300X, 5.3 TB/s',
  url: 'https://www.amd.com/en/products/accelerators/instinct/mi300/mi300x.html',
}
const SIMULATOR = 'https://github.com/JiusiServe/light-llm-simulator/blob/main/conf/hardware_config.py'
const CLOUDMATRIX = 'https://arxiv.org/abs/2506.12708'
const CANN =
  'https://www.hiascend.com/document/detail/en/CANNCommunityEdition/910/devaids/atctool/atlasatcparam_16_0038.html'

/** Accelerators, by the name that `--device` takes. Peaks as published, which no kernel quite reaches. */
export const DEVICES: Readonly<Record<string, Device>> = {
  'ascend-910b': {
    name: 'Huawei Ascend 910B (910B2)',
    rates: {
      memoryBytesPerSecond: 1.6e12,
      int8OperationsPerSecond: 752e12,
      bf16OperationsPerSecond: 376e12,
      convertedElementsPerSecond: 48 * 128 * 1.8e9,
    },
    sources: {
      memoryBytesPerSecond: { text: "1.6 TB/s in Huawei's simulator of its accelerators", url: SIMULATOR },
      int8OperationsPerSecond: { text: 'likewise: 752 TOPS, twice bfloat16', url: SIMULATOR },
      bf16OperationsPerSecond: {
        text: 'likewise: 376 TFLOPS, also in the name 910B2_376T_64G',
        url: SIMULATOR,
      },
      convertedElementsPerSecond: {
        text: `${ONE_STEP}48 vector cores · 128 numbers of 16 bits · 1.8 GHz`,
        url: CANN,
      },
    },
  },
  'ascend-910c': {
    name: 'Huawei Ascend 910C (two dies)',
    rates: {
      memoryBytesPerSecond: 3.2e12,
      int8OperationsPerSecond: 1504e12,
      bf16OperationsPerSecond: 752e12,
      convertedElementsPerSecond: 2 * 48 * 128 * 1.8e9,
    },
    sources: {
      memoryBytesPerSecond: { text: '3.2 TB/s of both dies', url: CLOUDMATRIX },
      int8OperationsPerSecond: { text: '1504 TOPS of both dies', url: CLOUDMATRIX },
      bf16OperationsPerSecond: { text: '752 TFLOPS of both dies', url: CLOUDMATRIX },
      convertedElementsPerSecond: {
        text: `${ONE_STEP}2 dies · 48 vector cores · 128 numbers of 16 bits · 1.8 GHz`,
        url: CLOUDMATRIX,
      },
    },
  },
  h100: {
    name: 'NVIDIA H100 SXM',
    rates: {
      memoryBytesPerSecond: 3.35e12,
      int8OperationsPerSecond: 3958e12 / 2,
      bf16OperationsPerSecond: 1979e12 / 2,
      convertedElementsPerSecond: 67e12 / 2,
    },
    sources: {
      memoryBytesPerSecond: H100,
      int8OperationsPerSecond: { ...H100, text: `3958 TOPS; ${DENSE}` },
      bf16OperationsPerSecond: { ...H100, text: `1979 TFLOPS; ${DENSE}` },
      convertedElementsPerSecond: { ...H100, text: `${ONE_STEP}67 TFLOPS of float32 ÷ 2` },
    },
  },
  b200: {
    name: 'NVIDIA B200 (HGX)',
    rates: {
      memoryBytesPerSecond: 7.7e12,
      int8OperationsPerSecond: 9000e12 / 2,
      bf16OperationsPerSecond: 4500e12 / 2,
      convertedElementsPerSecond: 75e12 / 2,
    },
    sources: {
      memoryBytesPerSecond: B200,
      int8OperationsPerSecond: { ...B200, text: `9 POPS; ${DENSE}` },
      bf16OperationsPerSecond: { ...B200, text: `4.5 PFLOPS; ${DENSE}` },
      convertedElementsPerSecond: { ...B200, text: `${ONE_STEP}75 TFLOPS of float32 ÷ 2` },
    },
  },
  mi300x: {
    name: 'AMD Instinct MI300X',
    rates: {
      memoryBytesPerSecond: 5.3e12,
      int8OperationsPerSecond: 2614.9e12,
      bf16OperationsPerSecond: 1307.4e12,
      convertedElementsPerSecond: 163.4e12 / 2,
    },
    sources: {
      memoryBytesPerSecond: MI300X,
      int8OperationsPerSecond: { ...MI300X, text: '2614.9 TOPS, dense' },
      bf16OperationsPerSecond: { ...MI300X, text: '1307.4 TFLOPS, dense' },
      convertedElementsPerSecond: { ...MI300X, text: `${ONE_STEP}163.4 TFLOPS of float32 ÷ 2` },
    },
  },
}
