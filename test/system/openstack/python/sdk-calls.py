"""Makes every instance_ha call of openstacksdk at the cloud of the OS_* variables; standard output has a JSON list of what came of each."""
import json
import sys
import uuid

import openstack
from openstack import exceptions

prefix = sys.argv[1]
ha = openstack.connect(load_yaml_config=False).instance_ha
outcomes = []


def call(name, /, *arguments, **named):
    try:
        found = getattr(ha, name)(*arguments, **named)
        if name in ('segments', 'hosts', 'notifications'):
            found = list(found)
            outcomes.append([name, [one.to_dict() for one in found]])
        else:
            outcomes.append([name, found.to_dict() if found is not None else None])
        return found
    except exceptions.SDKException as error:
        outcomes.append([name, type(error).__name__, getattr(error, 'status_code', None), getattr(error, 'details', None)])
        return None


segment = call('create_segment', name=f'{prefix}-one', recovery_method='auto', service_type='COMPUTE', description='of the SDK', is_enabled=True)
other = call('create_segment', name=f'{prefix}-two', recovery_method='reserved_host', service_type='COMPUTE')
call('create_segment', name=f'{prefix}-one', recovery_method='auto', service_type='COMPUTE')
call('create_segment', name=f'{prefix}-bad', recovery_method='wish', service_type='COMPUTE')
call('get_segment', segment.uuid)
call('get_segment', str(uuid.UUID(int=1)))
call('segments', recovery_method='reserved_host', service_type='COMPUTE', limit=1)
call('segments', sort_key='name', sort_dir='asc', limit=1)
call('segments', limit=-1)
call('update_segment', segment, description='changed', is_enabled=False)
call('update_segment', segment.uuid, name=f'{prefix}-renamed')
call('update_segment', segment, recovery_method='wish')
host = call('create_host', segment.uuid, name=f'{prefix}-h1', type='COMPUTE', control_attributes='SSH', reserved=True)
source = call('create_host', other.uuid, name=f'{prefix}-h2', type='COMPUTE', control_attributes='SSH')
call('create_host', other.uuid, name=f'{prefix}-h1', type='COMPUTE', control_attributes='SSH')
call('create_host', other.uuid, name='a b', type='a b', control_attributes='SSH')
call('get_host', host.uuid, segment_id=segment.uuid)
call('get_host', host.uuid, segment_id=other.uuid)
call('hosts', segment.uuid)
call('hosts', segment.uuid, reserved=True, on_maintenance=False)
call('hosts', segment.uuid, type='none')
call('hosts', str(uuid.UUID(int=1)))
call('update_host', host.uuid, segment.uuid, on_maintenance=True, reserved=False)
call('update_host', host.uuid, segment.uuid, type='a b')
call('delete_host', host.uuid, segment_id=segment.uuid, ignore_missing=False)
call('delete_host', host.uuid, segment_id=segment.uuid, ignore_missing=False)
call('delete_host', host.uuid, segment_id=segment.uuid)
payload = {'event': 'LIFECYCLE', 'instance_uuid': str(uuid.UUID(int=2)), 'vir_domain_event': 'STOPPED_SHUTDOWN'}
known = dict(type='VM', hostname=f'{prefix}-h2', generated_time='2026-11-28T06:00:00.123456', payload=payload)
notification = call('create_notification', **known)
call('create_notification', **known)
call('create_notification', **{**known, 'hostname': f'{prefix}-none'})
call('create_notification', **{**known, 'type': 'GUEST'})
call('get_notification', notification.notification_uuid)
call('get_notification', str(uuid.UUID(int=1)))
call('notifications', source_host_uuid=source.uuid, type='VM')
call('notifications', source_host_uuid=source.uuid, generated_since='2026-11-28T06:00:01')
call('delete_segment', segment, ignore_missing=False)
call('delete_segment', segment, ignore_missing=False)
call('delete_segment', segment.uuid)
json.dump(outcomes, sys.stdout)
