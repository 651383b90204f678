export {
  bullMqDelivery,
  type BullMqDeliveryOptions,
} from './bullmq-delivery.js';
export { BullMqCallbackDelivery } from './bullmq-callback-delivery.js';
