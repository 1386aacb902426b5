"""The words of the sample: names of people and companies, and the vocabularies of its categories."""

from __future__ import annotations

from itertools import product

_FIRST_NAMES_TEXT = """
Aaliyah Adam Aisha Akira Alejandro Alice Amara Amelia Amit Ana Andre Anna Anton Arjun Astrid Ava Beatriz
Ben Camila Carlos Carmen Chen Chiara Chloe Daniel Daria David Diego Elena Elif Elias Emma Erik Esther
Fatima Felix Fiona Freya Gabriel Giulia Grace Hana Hannah Hassan Hugo Ibrahim Ines Ingrid Isaac Ivan
Jack Jamal James Jana Jin Joao Julia Kai Karim Kavya Kenji Lara Lars Layla Leo Li Lina Liam Lucas Lucia
Maja Malik Marco Maria Marta Mateo Maya Mei Mia Mikael Mohamed Nadia Naomi Nia Nikhil Nina Noah Nora
Olivia Omar Oscar Paul Priya Rafael Ravi Rosa Ruth Sam Sana Sara Sofia Tariq Tomas Uma Valentina Victor
Wei Yara Yusuf Zoe
"""
FIRST_NAMES = tuple(_FIRST_NAMES_TEXT.split())
_LAST_NAMES_TEXT = """
Abebe Adeyemi Ahmed Almeida Andersson Bailey Banerjee Bauer Becker Bergstrom Bianchi Brown Castillo Chan
Chaudhry Costa Cruz Dahl Diaz Dubois Edwards Eriksen Evans Farah Fernandez Fischer Flores Fontaine
Garcia Gomez Gonzalez Gupta Haddad Hansen Harris Hoffmann Huang Hughes Ito Ivanova Jackson Jansen
Johnson Jones Kamau Kapoor Keller Khan Kim Kowalski Kumar Larsen Laurent Lee Lewis Lim Lopez Mancini
Martin Mbeki Meyer Miller Mitchell Moreau Morgan Murphy Nakamura Nguyen Nielsen Novak Obi Okafor
Oliveira Olsen Osei Park Patel Pereira Petrov Popescu Quinn Rahman Ramos Reyes Ricci Roberts Rossi Ryan
Saito Santos Sato Schmidt Shah Silva Singh Smith Sokolov Stewart Suzuki Tanaka Taylor Thomas Torres Tran
Turner Usman Vargas Virtanen Walker Wang Weber White Wilson Wong Wright Yamamoto Yilmaz Young Zhang
Zimmermann
"""
LAST_NAMES = tuple(_LAST_NAMES_TEXT.split())
_COMPANY_FIRST_TEXT = """
Acorn Alder Amber Anchor Apex Arbor Ascent Aspen Atlas Aurora Beacon Birch Blue Bridge Bright Canyon
Cedar Cinder Clear Cobalt Compass Copper Coral Crest Crown Delta Domain Eagle East Echo Elm Ember
Evergreen Falcon Fern Field First Fjord Forge Fox Galaxy Garnet Gold Grand Granite Green Harbor Hawk
Hazel High Horizon Iron Island Ivory Jade Juniper Keystone Lake Lark Laurel Liberty Light Lumen Lunar
Maple Marble Meridian Metro Mill Mint Monarch Moss Mountain New Noble North Nova Oak Ocean Olive Onyx
Opal Orchid Osprey Pacific Palm Peak Pearl Pine Pioneer Polar Prairie Prime Quarry Quartz Raven Red
Ridge River Rock Rowan Royal Ruby Sage Salt Sapphire Sequoia Silver Sky Solar South Spruce Star Sterling
Stone Storm Summit Sun Swift Terra Thistle Timber True Twin Union Upland Valley Verde Vista West White
Wild Willow Wind Winter Wren Zenith
"""
_COMPANY_FIRST = tuple(_COMPANY_FIRST_TEXT.split())
_COMPANY_SECOND_TEXT = """
bay bridge brook crest dale field ford gate grove haven hill lake land line mark mere point port ridge
shore side stone vale view water way well wood works yard
"""
_COMPANY_SECOND = tuple(_COMPANY_SECOND_TEXT.split())
_COMPANY_KIND = (
    "Analytics", "Bank", "Biotech", "Capital", "Care", "Clinics", "Components", "Consulting", "Energy",
    "Engineering", "Foods", "Freight", "Group", "Health", "Hotels", "Industries", "Insurance", "Labs",
    "Learning", "Logistics", "Media", "Networks", "Outfitters", "Partners", "Pharma", "Power", "Retail",
    "Robotics", "Software", "Systems", "Telecom", "Textiles", "Travel", "University", "Ventures",
)  # fmt: skip

PEOPLE = tuple(f"{first} {last}" for first, last in product(FIRST_NAMES, LAST_NAMES))
COMPANIES = tuple(
    f"{first}{second} {kind}"
    for first, second, kind in product(_COMPANY_FIRST, _COMPANY_SECOND, _COMPANY_KIND)
)

GROUPS = ("Americas", "EMEA", "APAC", "Strategic")
INDUSTRIES = (
    "Software", "Financial services", "Healthcare", "Manufacturing", "Retail", "Education", "Logistics",
    "Energy", "Media", "Public sector", "Telecommunications", "Hospitality",
)  # fmt: skip
INDUSTRY_WEIGHTS = (18, 14, 12, 12, 11, 7, 6, 5, 5, 4, 3, 3)
SEGMENTS = ("Enterprise", "Mid-market", "Small business")
SEGMENT_WEIGHTS = (15, 35, 50)
STAGES = ("onboarding", "adoption", "value realization", "expansion", "renewal")
PROGRAMS = (
    "Onboarding program", "Rollout in {}", "Adoption program", "Migration of {}", "Expansion to {}",
    "Success plan for {}", "Pilot in {}", "Standardization of {}",
)  # fmt: skip
TEAMS = (
    "Finance", "Sales", "Human resources", "Field service", "IT operations", "Customer support", "Marketing",
    "Procurement", "Legal", "Product", "Engineering", "Security", "Facilities", "Research", "Supply chain",
)  # fmt: skip
PRODUCTS = (
    "Service Desk", "Workflow Studio", "Insights", "Asset Tracker", "Field Mobile", "Knowledge Base",
    "Virtual Agent", "Change Control", "Vendor Portal", "Risk Register", "Survey Kit", "Integration Hub",
)  # fmt: skip
PRIORITIES = ("critical", "high", "medium", "low")
RISKS = (
    "Low adoption", "Champion left", "Support backlog", "Budget cut", "Competitor evaluation",
    "Executive disengaged", "Late go-live", "Missing capability", "Merger or acquisition", "Billing dispute",
    "Integration failing", "Poor survey score",
)  # fmt: skip
RISK_WEIGHTS = (22, 14, 12, 10, 9, 8, 7, 6, 4, 3, 3, 2)
RISK_SCOPES = ("Account", "Product", "Relationship", "Commercial", "Technical")
TASKS = (
    "Prepare the business review", "Send the adoption report", "Follow up on the escalation",
    "Book the kickoff", "Review the success plan", "Check licence usage", "Introduce the new champion",
    "Confirm the renewal date", "Share the release notes", "Plan the training", "Draft the renewal proposal",
    "Call about the survey", "Update the stakeholder map", "Collect the reference", "Clean up open cases",
    "Agree the go-live date", "Walk through the roadmap", "Close the value assessment",
)  # fmt: skip
TASK_NAMES = tuple(f"{task} with {team}" for task, team in product(TASKS, TEAMS))
AIMS = (
    "Cut time to resolve in {}", "Move {} off spreadsheets", "Reach 80% active users in {}",
    "Automate approvals in {}", "Raise satisfaction in {}", "Retire the old tool of {}",
    "Report monthly value to {}", "Train all of {}",
)  # fmt: skip
OBJECTIVES = tuple(aim.format(team) for aim, team in product(AIMS, TEAMS))
ENGAGEMENTS = tuple(program.format(team) for program, team in product(PROGRAMS, TEAMS))
TITLES = (
    "Administrator", "Analyst", "Chief information officer", "Director of operations", "Head of support",
    "IT manager", "Operations manager", "Product owner", "Project manager", "VP of finance",
)  # fmt: skip
CONTACT_ROLES = ("champion", "decision maker", "administrator", "user", "sponsor")
PLANS = ("Starter", "Professional", "Enterprise")
PLAYBOOKS = (
    "New customer onboarding", "Renewal in 90 days", "Low adoption rescue", "Executive sponsor change",
    "Expansion discovery", "Quarterly health check", "Escalation recovery", "Winback",
)  # fmt: skip
ALERTS = (
    "No login for 30 days", "Health turned red", "Seats nearly used up", "Support backlog grows",
    "Usage up by half", "Invoice overdue", "New executive sponsor",
)  # fmt: skip
ALERT_KINDS = (0, 0, 1, 0, 1, 0, 2)
"""Which kind of alert each name is: risk, upsell, other."""
ACTIVITIES = ("email", "call", "meeting", "note")
STACK = (
    "Backup", "Endpoint protection", "Managed firewall", "Email security", "Identity", "Patch management",
    "Mobile devices", "Cloud storage", "Disaster recovery", "Network monitoring", "Help desk", "Phone system",
    "Security training", "Compliance audit", "Web hosting", "Virtual desktop", "Printing", "Database hosting",
    "Wireless", "Data warehouse",
)  # fmt: skip
STACK_TAGS = ("security", "continuity", "productivity", "infrastructure", "compliance")
METRICS = (
    "nps", "csat", "tickets_open", "logins_per_week", "locations", "support_hours", "assessments",
    "slas",
)  # fmt: skip
METRIC_RANGES = ((-100, 100), (0, 100), (0, 25), (0, 25), (1, 40), (0, 80), (0, 12), (0, 6))
CAMPAIGNS = (
    "Spring release", "User conference", "Customer stories", "Security webinar", "Upgrade offer",
    "Newsletter",
)  # fmt: skip
