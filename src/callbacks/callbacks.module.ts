import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EndpointDiscovery } from './endpoint-discovery.js';
import { RawBodies } from './raw-body.js';

/** What all accounts of an application share to take callbacks. */
@Module({
  imports: [DiscoveryModule],
  providers: [RawBodies, EndpointDiscovery],
  exports: [RawBodies, EndpointDiscovery],
})
export class PlutuCallbacksModule {}
