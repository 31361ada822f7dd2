/** Limits on what users send. Whatever is above one is refused with INVALID_SPEC. */
export const limits = {
  nameLengthMax: 63,
  replicasMax: 100_000,
  /** Containers and init containers of one task together. */
  containersMax: 16,
  labelsMax: 256,
  labelKeyLengthMax: 256,
  labelValueLengthMax: 4096,
  envMax: 1000,
  /** One NAME=VALUE, bytes; the kernel's own limit for one string is 128 KiB. */
  envBytesMax: 131_072,
  argsMax: 1000,
  argBytesMax: 131_072,
  mountsMax: 64,
  pathLengthMax: 4096,
  portsMax: 64,
  constraintsMax: 64,
  preferencesMax: 16,
  groupsMax: 64,
  capabilitiesMax: 64,
  sysctlsMax: 64,
  platformsMax: 16,
  taintsMax: 64,
  tolerationsMax: 64,
  /** Terms of an affinity, expressions of a term, values of an expression, labels of a selector. */
  affinityTermsMax: 64,
  expressionsMax: 64,
  expressionValuesMax: 256,
  imageLengthMax: 512,
  authLengthMax: 16_384,
  cpuNanoMin: 1_000_000,
  /** 4096 processors. */
  cpuNanoMax: 4_096_000_000_000,
  memoryBytesMin: 4 << 20,
  pidsMax: 4_194_304,
  /** Delays, windows and grace periods: a year. */
  durationMsMax: 31_536_000_000,
  networksMax: 5_000,
  poolsMax: 16,
  /** Networks of one service, its names on one, and its fixed addresses on one. */
  attachmentsMax: 16,
  aliasesMax: 16,
  fixedAddressesMax: 256,
  nameserversMax: 8,
  searchDomainsMax: 32,
  dnsOptionsMax: 32,
  hostsMax: 256,
  allowFromMax: 64,
  attemptsMax: 1_000_000,
  /** A whole service spec as encoded, bytes: every task carries its own copy. */
  specBytesMax: 262_144,
} as const;
