"""English words of feeling as film dialogue uses them, its idioms that are none, and what turns or strengthens them."""

from __future__ import annotations

from . import parsed

PLACES = parsed(
    """
joy 1.2: ecstatic, overjoyed, thrilled, elated, fantastic, wonderful, awesome, amazing, brilliant, magnificent
joy 1.2: marvellous, over the moon, on top of the world, best day of my life, never been happier, couldn't be happier
joy 1.2: hooray, hurrah, yippee, yay, woohoo, hallelujah, dream come true, we did it, we won, i won, you won
joy 1.2: in seventh heaven
joy 1.0: happy, happier, happiest, happily, happiness, delight, delighted, joy, joyful, excite, excited, exciting
joy 1.0: laugh, celebrate, celebration, win, winner, victory, triumph, fun, hilarious, enjoy, cheer, cheers, glorious
joy 1.0: superb, damn good, damn right, hell yeah, hell yes, can't wait, cannot wait, splendid, terrific
joy 1.0: congratulations, bravo, good news, great news, well done, good job, great job, nailed it, killed it
joy 1.0: killing it, made my day, couldn't be better, having a ball, having a blast, had a blast, cracks me up
joy 1.0: crack me up, dying to, drop-dead gorgeous, on fire
joy 0.8: glad, great, excellent, perfect, lovely, beautiful, gorgeous, pleased, pleasure, proud, pride, lucky, luck
joy 0.8: smile, smiling, funny, succeed, success, successful, fabulous, delicious, charming, cute, sweet dreams
joy 0.8: thank god, thank goodness, thank heavens, what a relief, good for you, happy birthday, merry christmas
joy 0.5: good, nice, welcome, thank, thanks, grateful, hope, hopeful, fine with me, not bad, not too bad, no problem
joy 0.5: okay then, interesting, impressive, cool, better, best, optimistic, promising, confident, pretty good
joy 0.5: my pleasure
tenderness 1.2: i love you, love you, love you too, my love, sweetheart, my darling, hold me, i adore you
tenderness 1.2: i'll always love you, sleep tight, sleep well, come here you, my dear, my dearest, i missed you
tenderness 1.2: marry me, hold my hand
tenderness 1.0: love, loved, loving, darling, adore, cherish, tender, tenderly, gentle, gently, hug, cuddle, embrace
tenderness 1.0: kiss, affection, affectionate, beloved, dear one, caress, lullaby, i'm here for you, i'm right here
tenderness 1.0: i've got you, you're safe now, you are safe now, take care of you, look after you, i forgive you
tenderness 1.0: kindness, kind to me
tenderness 0.8: calm, peace, peaceful, peacefully, quiet, serene, relax, relaxed, relaxing, comfort, comforting
tenderness 0.8: comfortable, safe, safely, relieved, relief, trust, faithful, patient, soft, softly, warm, cosy, cozy
tenderness 0.8: soothe, soothing, don't worry, do not worry, no need to worry, don't be afraid, do not be afraid
tenderness 0.8: don't be scared, don't cry, it's okay, it's all right, it's alright, it'll be okay
tenderness 0.8: everything's going to be fine, there there, hush
tenderness 0.5: sweet, kind, take care, bless you, care about you, miss you, forgive, content, rest, home at last
tenderness 0.5: sleepy
sadness 1.4: heartbroken, devastated, grief, grieve, grieving, mourn, mourning, despair, hopeless, suicidal, suicide
sadness 1.4: broken heart, broke my heart, broke her heart, break my heart, can't go on, nothing left
sadness 1.4: lost everything, he's gone, she's gone, they're gone, he's dead, she's dead, they're dead, he died
sadness 1.4: she died, passed away, all is lost, i've lost her, i've lost him, never see him again
sadness 1.4: never see her again, funeral, miserable
sadness 1.0: sad, sadder, sadly, sadness, sorrow, cry, crying, cried, weep, weeping, wept, tears, tear me apart
sadness 1.0: lonely, loneliness, alone, unhappy, depress, depressed, depressing, depression, gloomy, tragic, tragedy
sadness 1.0: heartache, die, died, dying, dead, death, loss, orphan, widow, farewell, abandon, abandoned, left me
sadness 1.0: left us, goodbye forever, lost my father, lost my mother, lost my wife, lost my husband, lost my son
sadness 1.0: lost my daughter, lost my best friend
sadness 0.8: regret, regrets, hurt, hurts, hurting, pain, painful, suffer, suffering, ashamed, shame, guilt, guilty
sadness 0.8: lost, miss him, miss her, miss them, i miss, homesick, disappoint, disappointed, disappointing
sadness 0.8: disappointment, fail, failed, failure, useless, worthless, pathetic, broken, empty, numb, ruined
sadness 0.8: sorry for your loss, empty inside
sadness 0.5: sorry, unfortunately, pity, poor thing, too bad, give up, gave up, giving up, goodbye, bored, boring
sadness 0.5: dull, tired, exhausted, weary, worn out, dead tired, dead on my feet, fed up, homeless, weak, sick, ill
sadness 0.5: lose, losing, alas, never again, no use, what's the point, it's over, it is over, too late, if only
sadness 0.5: i wish i had, leave me, don't leave me, leaving me
fear 1.3: terrified, terrifying, terror, horror, horrified, panic, panicking, nightmare, petrified, scared to death
fear 1.3: frightened to death, scared out of my wits, help me, somebody help, please don't hurt me, don't kill me
fear 1.3: run for it, run for your life, he's going to kill, they're going to kill, going to kill us
fear 1.3: going to kill me, we're all going to die, i'm going to die, we're going to die, oh god no, please no
fear 1.3: don't shoot, he's got a gun, she's got a gun, bloodbath
fear 1.0: scared, scary, scare, afraid, fear, fearful, frightened, frightening, frighten, horrible, horrifying
fear 1.0: creepy, danger, dangerous, monster, ghost, trapped, threatened, in trouble, emergency, help !, bomb, gun
fear 1.0: blood, murderer, get out of here, look out, watch out, hide, call the police, call 911, call 999
fear 1.0: call an ambulance, get down, don't move
fear 0.6: worried sick, dread, dreadful, haunted, shaking, tremble, trembling, helpless, victim, attack, escape
tension 1.0: tense, nervous, anxious, anxiety, stress, stressed, stressful, worry, worried, worrying, uneasy
tension 1.0: suspicious, pressure, urgent, hurry, hurry up, no time, running out of time, out of time, careful
tension 1.0: be careful, desperate, something's wrong, something is wrong, what's wrong, somebody's coming
tension 1.0: someone's coming, they're coming, he's coming, don't look back, keep quiet, stay down
tension 1.0: i have a bad feeling, bad feeling about this, trouble, secret, crisis
tension 0.7: problem, problems, wrong, risk, risky, upset, jealous, jealousy, confused, awkward, hesitate, doubt
tension 0.7: suspect, warn, warning, wait a minute, hold on a second, shh, conspiracy, evidence, deadline, bad news
tension 0.7: uncomfortable, strange
tension 0.5: stop, have to go, listen to me, get away, bad, terrible news, odd, weird
anger 1.4: furious, rage, outrage, outraged, hate, hatred, i'll kill you, i'm going to kill you, kill you, go to hell
anger 1.4: burn in hell, son of a bitch, bastard, fuck you, fuck off, piss off, screw you, bitch, asshole
anger 1.4: motherfucker, damn you, bloody hell, shut up, get out, get lost, drop dead, how dare you, enough is enough
anger 1.4: over my dead body, i've had enough, had it with, how could you, you lied to me, you betrayed me
anger 1.4: get your hands off, hands off me, make me sick, scumbag
anger 1.0: angry, anger, angrily, mad at, so mad, pissed, shout, shouting, yell, yelling, scream, screaming, fight
anger 1.0: fighting, kill, killed, killing, murder, murdered, destroy, smash, revenge, vengeance, betray, betrayed
anger 1.0: betrayal, traitor, stupid, idiot, moron, fool, liar, lying, lied, lie to, lie to me, cruel, enemy, threat
anger 1.0: threaten, damn, damn it, goddamn, fuck, fucking, shit, bullshit, crap, hell, nonsense, rubbish, ridiculous
anger 1.0: insane, disrespect, insult, pay for this, do not lie to me, don't lie to me, don't lie, do not lie
anger 1.0: why did you lie, i trusted you, trusted you, don't touch me, get your hands off me, stop lying
anger 1.0: get away from me
anger 0.7: annoy, annoyed, annoying, irritate, irritated, irritating, frustrate, frustrated, frustrating, blame
anger 0.7: accuse, unfair, steal, stole, stolen, cheat, cheated, cheating, hostile, rude, selfish, arrogant, violent
anger 0.7: violence, argue, leave me alone, for god's sake, for heaven's sake, for crying out loud
anger 0.7: none of your business, drives me crazy, what's your problem, who do you think you are, don't you dare
anger 0.7: knock it off, cut it out, you're fired
disgust 1.2: disgust, disgusting, disgusted, revolting, repulsive, vile, nauseating, gross, filthy, sickening
disgust 1.2: sick of, makes me sick, made me sick, want to puke, throw up, threw up, stinks, stink, rotten, ew, eww
disgust 1.2: yuck, ugh, nasty
disgust 0.8: dirty, ugly, creep, pervert, slimy, contempt, despise, loathe, pathetic excuse, shameful, awful
disgust 0.8: terrible, can't stand, cannot stand, worst, mess, poison, puke, vomit, garbage, horrid, lousy
surprise 1.2: unbelievable, incredible, oh my god, oh my goodness, holy shit, holy cow, holy crap, i can't believe
surprise 1.2: can't believe it, what the hell, what the fuck, what the heck, no way, astonished, astonishing
surprise 1.2: astounded, shocked, stunned, jaw dropped
surprise 1.0: surprise, surprised, surprising, surprisingly, shock, shocking, wow, whoa, gosh, good grief
surprise 1.0: good heavens, you're kidding, are you kidding, you're joking, are you serious, you must be joking
surprise 1.0: out of nowhere, out of the blue
surprise 0.7: suddenly, all of a sudden, unexpected, unexpectedly, what happened, oh really, really ?, guess what
surprise 0.7: miracle, imagine that, never expected, didn't expect, who would have thought, by accident
surprise 0.7: incredibly lucky
plain: kill time, killing time, killed time, time to kill, kill the lights, kill the engine, dressed to kill
plain: buzz kill, dead end, dead centre, dead center, dead serious, dead right, dead ahead, dead sure, dead straight
plain: dead weight, dead line, deadlocked, dead battery, battery died, phone died, phone is dead, line is dead
plain: line went dead, play dead, dead of night, to die for, die hard, die down, old habits die hard, lost in thought
plain: lost and found, get lost in, lost property, lie down, lying down, lie in bed, lying in bed, lying on, lie on
plain: lies on, lying in, lying there, lies in, lie low, good morning, good afternoon, good evening, good night
plain: goodnight, good day, good lord, good luck with that, good point, for good, as good as, goods, good friday
plain: a good deal, good thing, so far so good, good enough, very well, as well, excuse me, i'm afraid so
plain: i'm afraid not, i'm afraid that, afraid i, i'm afraid we, i'm afraid you, i'm afraid the, sorry to bother
plain: sorry i'm late, sorry what, sorry about that, sorry to interrupt, pretty much, kind of, sort of, mind you
plain: hell of a, hot as hell, cold as hell, sure as hell, like hell, damn near, bad guy, bad guys, bad hair day
plain: not my problem, shoot the, photo shoot, shooting star, screen shot, bombshell, bath bomb, photobomb
plain: blood pressure, blood type, blood test, blood orange, gun metal, top gun, jump the gun, hot tears, fine print
plain: parking fine, pain au chocolat, painkiller, painkillers, love letter, lovebirds, love story, love song
plain: make love, would love to, i'd love to, love to know, puppy love, tennis love, would like, i'd like
plain: best regards, best man, best before, better than, better not, had better, you better, you'd better, i'd better
plain: miss the bus, missed the bus, miss the train, missed the train, miss the point, missed call, hit and miss
plain: mad hatter, well well, can't help, quiet as, fighting chance, fire fight, cold fight, lost cause, pity party
plain: pain in the neck, cheers to, cheer up, cry wolf, crying shame, far cry, sick leave, sick day, ill at ease
plain: shit hot, hot shit, no shit, killer app, lady killer, fun fact, funny you, funny thing, laughing stock
plain: nothing wrong with, what's the matter, hope so, hope not, hopefully, welcome to, fear factor, no doubt
plain: without a doubt, no wonder, safe to say, safe house, to be safe, better safe than sorry, safety
plain: quick question, quick word, real quick, stop by, stop at, bus stop, stop there, next stop, full stop, pit stop
plain: careful what you wish, rest of, the rest, rest in, alone time, let alone, home alone, warm up, warming up
plain: warm water, cool down, soft drink, soft drinks, hard feelings, no hard feelings, content of, table of contents
plain: sweet tooth, sweet and sour, sweet potato, kind regards, nice to meet you, nice try, thanks but, thanks anyway
plain: win some lose some, lose weight, losing weight, lose count, weak tea, cheat sheet, cheat code, mess hall
plain: bad weather, break a leg, shut up shop, trust fund, peace of mind, cute as, dull day, dull knife, poison ivy
plain: under attack mode, heart attack, panic room, panic button, ghost town, ghost writer, monster truck
plain: secret santa, secret service, pressure cooker, crazy about, mad about, stolen glance, wrong number, wrong way
plain: wrong door, wrong turn, odd number, odds, odd jobs, get out more, get out the, get out of bed
plain: get out of the car, get out of the way, get out of here alive, get down to, hide and seek, watch out for
plain: look out the window, look out over, look out of, hurry home safe, quick as, lost my keys, lost my phone
plain: lost my wallet, lost my way, lost the keys, lost track, gun shop, gun licence, help me with, help me find
plain: help me carry, help me understand, help me move, can you help me, could you help me, will you help me
plain: would you help me, help me out, no way out, no way to, no way of, life and death, life or death
plain: matter of life and death, shit load, stop at the, good heavens above, fine thanks, cold war, world war
plain: video game
plain: love island, like a dream, sick burn, beat it up, hit the road, killer heels, killer on the, killer smile
plain: bomb disposal, fun run, fun fair, miss world, mad max, scream queen, ice scream, evidence of, no evidence
plain: in evidence, secret garden, secret recipe, problem solving, problem solved, doubt it, i doubt it
plain: strange enough, oddly enough, stress test, stress ball, danger zone, escape key, escape room, hide the
plain: hide out, attack plan, risk it, wrong with the
"""
)

NOT = frozenset((
    "not", "no", "never", "nothing", "none", "neither", "nor", "without", "hardly", "barely", "scarcely", "cannot",
    "can't", "don't", "doesn't", "didn't", "isn't", "aren't", "wasn't", "weren't", "won't", "wouldn't", "couldn't",
    "shouldn't", "ain't", "haven't", "hasn't", "hadn't", "nobody", "stop",
))  # fmt: skip
#: Words that strengthen what follows, by how much; directly before a word of feeling they are none themselves.
DEGREES = {
    **dict.fromkeys(
        ("extremely", "incredibly", "utterly", "insanely", "unbelievably", "fucking", "bloody", "goddamn"), 1.5
    ),
    **dict.fromkeys(
        ("very", "so", "really", "totally", "absolutely", "completely", "deeply", "terribly", "awfully"), 1.3
    ),
    **dict.fromkeys(
        ("truly", "such", "damn", "too", "most", "quite", "freaking", "super", "horribly", "dead", "scary"), 1.3
    ),
    **dict.fromkeys(
        ("slightly", "somewhat", "rather", "little", "bit", "fairly", "kinda", "sorta", "almost", "less"), 0.6
    ),
    **dict.fromkeys(("a bit", "pretty", "mildly", "half"), 0.8),
}
