/** The wheel and a naive list pass the same cases; see `timers.cases.ts`. */
import { Wheel } from '../../src/wheel/wheel.ts';
import { naiveTimers } from './naive-timers.ts';
import { timerCases } from './timers.cases.ts';

timerCases('wheel', (now) => new Wheel(now));
timerCases('naive list', naiveTimers);
