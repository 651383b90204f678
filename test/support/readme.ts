export { writeManualApplication as writeReadmeApplication } from './manual.js';
