/** AdamW on a flat vector, and schedules of its rate. */
export { type AdamWOptions, adamWDefaults, adamWUpdate, type Moments } from './adamw.js';
export { rateAt, type Schedule } from './schedule.js';
