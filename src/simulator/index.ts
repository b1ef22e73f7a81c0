// The subpath `evenkeel/simulator`: the engine on a virtual clock, between simulated clients and backends.

export type { Antagonist, BackendGroup, Cache } from './backend-group.ts';
export { type Preset, type PresetName, presets } from './presets.ts';
export type { PoolSize } from './replay/answer.ts';
export type { LogPiece, LogPieces } from './replay/line-reader.ts';
export type { LogFacts, ReplayKey } from './replay/log-reader.ts';
export {
  type LogSource,
  type ReplayOptions,
  type ReplayResult,
  type ReplayScenario,
  replay,
} from './replay/replay.ts';
export type {
  AttemptOutcome,
  BackendFigures,
  ColumnName,
  ContenderResult,
  Figure,
  Figures,
  LatencyDistribution,
  NoticedEvent,
  Series,
  SimulationResult,
  TimelineEvent,
  Trace,
} from './result.ts';
export type {
  Arrivals,
  BalancerGroup,
  Bursts,
  Contender,
  ContenderName,
  ContenderSettings,
  ContenderStrategy,
  Day,
  Keys,
  Measure,
  NamedStrategy,
  Scenario,
  ScenarioRequest,
  Service,
  SimulatedGuards,
  SimulatedHealth,
} from './scenario.ts';
export type {
  BackendNames,
  BurstEvent,
  CrashEvent,
  DeployEvent,
  ErrorsEvent,
  EventDuration,
  EventTime,
  HotKeyEvent,
  JoinEvent,
  LeaveEvent,
  RestartEvent,
  RetryStormEvent,
  ScenarioEvent,
  SlowEvent,
  WeightEvent,
} from './scenario-events.ts';
export { type Progress, type SimulateOptions, simulate } from './simulate.ts';
