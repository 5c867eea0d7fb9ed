"""Makes every call about vmoves of openstacksdk 4 at the cloud of the OS_* variables; standard output has a JSON list of what came of each.

  python3 sdk-vmoves.py NOTIFICATION-WITH-VMOVES NOTIFICATION-OF-A-GUEST ANOTHER-NOTIFICATION-OF-A-HOST
"""
import json
import sys
import uuid
import warnings

warnings.simplefilter('ignore')
import openstack  # noqa: E402
from openstack import exceptions  # noqa: E402

of_host, of_guest, another = sys.argv[1:]
nothing = str(uuid.UUID(int=1))
ha = openstack.connect(load_yaml_config=False).instance_ha
outcomes = []


def call(name, /, *arguments, **named):
    try:
        found = getattr(ha, name)(*arguments, **named)
        found = [found] if name.startswith('get_') else list(found)
        outcomes.append([name, [one.to_dict() for one in found]])
        return found
    except exceptions.SDKException as error:
        outcomes.append([name, type(error).__name__, getattr(error, 'status_code', None), getattr(error, 'details', None) or str(error)])
        return []


moves = call('vmoves', of_host, sort_key='start_time', sort_dir='asc')
call('vmoves', of_host)
call('vmoves', of_host, status='failed')
call('vmoves', of_host, type='evacuation', status='succeeded')
call('vmoves', of_host, status='none')
call('vmoves', of_host, limit=1, sort_key='instance_name', sort_dir='asc')
call('vmoves', of_host, limit=2, sort_key='id', sort_dir='desc')
call('vmoves', of_host, limit=0)
call('vmoves', of_host, limit=-1)
call('vmoves', of_host, limit='many')
call('vmoves', of_host, marker=99999)
call('vmoves', of_host, marker=moves[1].id, sort_key='start_time', sort_dir='asc')
call('vmoves', of_host, sort_key='nonsense')
call('vmoves', of_host, sort_key='status', sort_dir='up')
call('vmoves', of_host, source_host='unknown to the API')
call('vmoves', of_host, server_name=moves[0].server_name)
call('vmoves', of_guest)
call('vmoves', nothing)
call('vmoves', 'nothing')
for move in moves:
    call('get_vmove', move.uuid, of_host)
call('get_vmove', moves[0].uuid.upper(), of_host)
call('get_vmove', moves[0].uuid.replace('-', ''), of_host)
call('get_vmove', moves[0].id, of_host)
call('get_vmove', nothing, of_host)
call('get_vmove', 'nothing', of_host)
call('get_vmove', moves[0].uuid, of_guest)
ha.default_microversion = '1.0'
[notification] = call('get_notification', of_host)
ha.default_microversion = None
call('vmoves', notification)
call('get_vmove', moves[0], of_host)
for version in ('1.0', '1.1', '1.2', '1.3'):
    ha.default_microversion = version
    call('vmoves', of_host, limit=1)
ha.default_microversion = '1.4'
call('vmoves', of_host)
call('get_vmove', moves[0].uuid, of_host)
# Where the embedded control plane differs on purpose.
ha.default_microversion = None
call('get_vmove', moves[0].uuid, another)
call('get_vmove', moves[0].uuid, nothing)
json.dump(outcomes, sys.stdout)
