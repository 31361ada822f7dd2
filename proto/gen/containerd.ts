// Made by scripts/generate-proto.ts; do not edit.
/* eslint-disable */
import {  } from '../codec.ts';
import type { MessageCodec, Mutable } from '../codec.ts';

